// sdk CALLS - the bench's call by the AWS SDK for Go: one call, then CALLS on
// the same client.  Prints "CPU WALL", microseconds a call, and what the answer
// says.  Everything else comes from the environment.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func call(client *ecs.Client) string {
	answer, err := client.DescribeServices(context.Background(),
		&ecs.DescribeServicesInput{
			Cluster:  aws.String("prod"),
			Services: []string{"web"},
			Include:  []types.ServiceField{types.ServiceFieldTags},
		})
	if err != nil {
		log.Fatal(err)
	}
	web := answer.Services[0]
	return fmt.Sprint(*web.ServiceName, " ", web.DesiredCount)
}

func cpu() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		log.Fatal(err)
	}
	return float64(r.Utime.Sec+r.Stime.Sec)*1e6 +
		float64(r.Utime.Usec+r.Stime.Usec)
}

func main() {
	calls, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	client := ecs.NewFromConfig(cfg)
	said := call(client)
	began, spent := time.Now(), cpu()
	for i := 0; i < calls; i++ {
		said = call(client)
	}
	if calls > 0 {
		wall := float64(time.Since(began).Nanoseconds()) / 1e3
		fmt.Printf("%.2f %.2f\n", (cpu()-spent)/float64(calls),
			wall/float64(calls))
	}
	fmt.Println(said)
}
